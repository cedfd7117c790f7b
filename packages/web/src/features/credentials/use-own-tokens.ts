import type { TypedDocumentNode } from '@urql/core';
import type { Ref } from 'vue';
import { useListed, type Connection, type Listed } from '../../graphql/use-page.ts';
import { useRemoval, type Removal } from '../../graphql/use-removal.ts';
import { useQueryFlag } from '../../ui/query-param.ts';

/** Somebody's own tokens of one kind, as `TokenList` shows them. */
export interface OwnTokens<Data, Token> {
  readonly list: Listed<Data, Token>;
  readonly revoking: Removal<Token>;
  /** Whether a new one is being made; the address says so. */
  readonly creating: Ref<boolean>;
}

export function useOwnTokens<Data, Token extends { readonly id: string }, Revoked>(
  asked: TypedDocumentNode<Data, { after?: string | null | undefined }>,
  connectionOf: (data: Data) => Connection<Token> | null | undefined,
  revoke: TypedDocumentNode<Revoked, { input: { id: string } }>,
): OwnTokens<Data, Token> {
  const list = useListed(asked, () => ({}), connectionOf);
  const revoking = useRemoval(
    revoke,
    ({ id }: Token) => ({ input: { id } }),
    () => list.reload(),
  );
  return { list, revoking, creating: useQueryFlag('new') };
}
