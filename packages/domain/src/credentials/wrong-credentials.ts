import { unauthorized, type DomainError } from '../errors.ts';
import { howToGetApplicationToken as howToGetOne } from './how-to.ts';
import { claimedTokenType, readToken, tokenLength, type TokenType } from './token.ts';

const kinds = { app: 'application token', rob: 'robot token', api: 'API token' } as const;

/** Where a working token of each kind comes from. */
const renewal: Readonly<Record<TokenType, string>> = {
  app: howToGetOne,
  rob: 'an admin of the namespace can show it again on the page of its robots',
  api: 'create another one in the console (Account settings, API tokens)',
};

/** Where each kind of token belongs. */
const place: Readonly<Record<TokenType, string>> = {
  app: "the user name is $app, in single quotes (docker login -u '$app'), because a shell replaces $app in double quotes",
  rob: 'the user name is the name of its robot, as namespace+name',
  api: `it works as bearer of /graphql, not as a password: ${howToGetOne}`,
};

/**
 * Explains a password that was cut or mistyped: its checksum is wrong, so no row needs to be read.
 * @param expected the type of token that belongs here: a text of a token's length is one with an error in its first characters
 * @returns undefined for a text that does not look like a token, or is a well-formed one
 */
export function malformedToken(text: string, expected?: TokenType): DomainError | undefined {
  const type = claimedTokenType(text) ?? (Math.abs(text.length - tokenLength) <= 1 ? expected : undefined);
  if (type === undefined || readToken(text)) return undefined;
  return unauthorized(
    `malformed ${kinds[type]}: a character is wrong, missing or superfluous; copy the whole token again, or get another: ${renewal[type]}`,
  );
}

/**
 * Explains why a user name and a password do not go together, by their form alone.
 * @param expected the type of token that the user name goes with; undefined for a user name that goes with none
 */
export function wrongCredentials(username: string, password: string, expected: TokenType | undefined): DomainError {
  const malformed = malformedToken(password, expected);
  if (malformed) return malformed;
  const type = readToken(password)?.type;
  if (type !== undefined) {
    return unauthorized(
      `this is ${type === 'rob' ? 'a' : 'an'} ${kinds[type]}, but it was sent as another: ${place[type]}`,
    );
  }
  if (expected === 'app') {
    return unauthorized(`this is not an application token (they begin with esc_app_): ${howToGetOne}`);
  }
  if (expected === 'rob') {
    return unauthorized(`this is not a robot token (they begin with esc_rob_): ${renewal.rob}`);
  }
  return unauthorized(
    username === ''
      ? `sign in with the user name $app, in single quotes, and an application token: ${howToGetOne}`
      : `user names and passwords of people do not work here: ${howToGetOne}`,
  );
}
