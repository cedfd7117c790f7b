import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

/** What a value that is no date is answered with. */
export const dateTimeForm = 'a DateTime is written like 2027-01-31T12:00:00Z';

const invalidDate = () => new GraphQLError(dateTimeForm, { extensions: { code: 'BAD_USER_INPUT' } });

function readDate(value: unknown): Date {
  const wellFormed =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/.test(value);
  const date = wellFormed ? new Date(value) : undefined;
  if (!date || Number.isNaN(date.getTime())) throw invalidDate();
  return date;
}

export const DateTime = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment as ISO 8601 writes it, in UTC in answers: `2027-01-31T12:00:00.000Z`.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time',
  serialize: (value) => (value instanceof Date ? value : new Date(String(value))).toISOString(),
  parseValue: readDate,
  parseLiteral: (node) => {
    if (node.kind !== Kind.STRING) throw invalidDate();
    return readDate(node.value);
  },
});

export const ByteCount = new GraphQLScalarType<number | bigint, number | string>({
  name: 'ByteCount',
  description: 'Bytes: a JSON number up to 2^53, else a string of digits.',
  serialize: (value) => {
    const bytes = typeof value === 'bigint' ? value : BigInt(Math.trunc(Number(value)));
    return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : bytes.toString();
  },
});

export const JSONObject = new GraphQLScalarType<unknown, unknown>({
  name: 'JSON',
  description: 'Any JSON value; only in answers.',
  serialize: (value) => value,
});
