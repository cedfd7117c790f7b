import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

/** What a value that is no date is answered with. */
export const dateTimeForm = 'a DateTime is written like 2027-01-31T12:00:00Z, in the years 0001 to 9999';

const invalidDate = () => new GraphQLError(dateTimeForm, { extensions: { code: 'BAD_USER_INPUT' } });

/** The moments that PostgreSQL and the written form both have, in UTC: an offset may lead out of the years that are written. */
const earliest = Date.parse('0001-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

const form = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/;

function readDate(value: unknown): Date {
  const [written, year, month, day] = (typeof value === 'string' && form.exec(value)) || [];
  if (written === undefined || !isDay(Number(year), Number(month), Number(day))) throw invalidDate();
  const date = new Date(written);
  if (!(date.getTime() >= earliest && date.getTime() <= latest)) throw invalidDate();
  return date;
}

/** JavaScript takes the 30th of February for the 2nd of March. */
function isDay(year: number, month: number, day: number): boolean {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
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
