/** Names in an Azure Storage connection string. */
const known: ReadonlySet<string> = new Set([
  ...['DefaultEndpointsProtocol', 'AccountName', 'AccountKey', 'EndpointSuffix', 'SharedAccessSignature'],
  ...[
    'BlobEndpoint',
    'QueueEndpoint',
    'TableEndpoint',
    'FileEndpoint',
    'UseDevelopmentStorage',
    'DevelopmentStorageProxyUri',
  ],
]);

/**
 * Checks the form of an Azure Storage connection string. Azure's client would fail later, and without naming the variable.
 * @returns what is wrong, without any part of the value; undefined when nothing is
 */
export function connectionStringProblem(text: string): string | undefined {
  const pairs = new Map<string, string>();
  for (const pair of text.split(';').filter((part) => part.trim() !== '')) {
    const equals = pair.indexOf('=');
    pairs.set(pair.slice(0, Math.max(equals, 0)).trim(), equals < 0 ? '' : pair.slice(equals + 1).trim());
  }
  if ([...pairs.keys()].some((name) => !known.has(name))) {
    return 'must be the connection string as the Azure portal shows it: name=value pairs separated by semicolons, without quotes';
  }
  if (pairs.get('UseDevelopmentStorage') === 'true') return undefined;
  const endpoint = pairs.get('BlobEndpoint');
  if (endpoint !== undefined && !isPlainUrl(endpoint)) return 'has a BlobEndpoint that is not an http or https URL';
  if (!/^https?$/.test(pairs.get('DefaultEndpointsProtocol') ?? 'https')) {
    return 'has a DefaultEndpointsProtocol other than http and https';
  }
  if (pairs.has('SharedAccessSignature')) return endpoint === undefined ? 'has no BlobEndpoint' : undefined;
  const missing = ['AccountName', 'AccountKey'].filter((name) => (pairs.get(name) ?? '') === '');
  if (missing.length > 0) return `has no ${missing.join(' and no ')}`;
  if (!/^[A-Za-z\d+/]+={0,2}$/.test(pairs.get('AccountKey') ?? '')) return 'has an AccountKey that is not Base64';
  return endpoint !== undefined || pairs.has('EndpointSuffix')
    ? undefined
    : 'has neither EndpointSuffix nor BlobEndpoint';
}

/** Whether a text is an http or https URL that holds no secret: no user name, no query, no fragment. */
export function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === '');
}
