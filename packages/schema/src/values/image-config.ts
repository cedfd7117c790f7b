/** What an image says of itself (image-spec, config.md), as far as people look at it. */
export interface ImageConfig {
  readonly os?: string | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly created?: Date | undefined;
  readonly author?: string | undefined;
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  readonly stopSignal?: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** `NAME=value`, as the image has it. */
  readonly environment: readonly string[];
  /** `8080/tcp`. */
  readonly exposedPorts: readonly string[];
  readonly volumes: readonly string[];
  readonly labels: readonly (readonly [string, string])[];
  /** The steps that made the image, the first one first. */
  readonly history: readonly HistoryEntry[];
}

export interface HistoryEntry {
  readonly created?: Date | undefined;
  /** The command. */
  readonly createdBy?: string | undefined;
  readonly comment?: string | undefined;
  /** The step made no layer. */
  readonly emptyLayer: boolean;
}

const imageConfigTypes = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

export function isImageConfig(mediaType: string): boolean {
  return imageConfigTypes.has(mediaType);
}

/** Builders differ, and nothing depends on it but a page to look at and two labels: what has another form is left out. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig | undefined {
  let body: Fields;
  try {
    body = fields(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
  const run = fields(body['config']);
  return {
    os: text(body['os']),
    architecture: text(body['architecture']),
    variant: text(body['variant']),
    created: date(body['created']),
    author: text(body['author']),
    user: text(run['User']),
    workingDirectory: text(run['WorkingDir']),
    stopSignal: text(run['StopSignal']),
    entrypoint: texts(run['Entrypoint']),
    command: texts(run['Cmd']),
    environment: texts(run['Env']),
    exposedPorts: Object.keys(fields(run['ExposedPorts'])),
    volumes: Object.keys(fields(run['Volumes'])),
    labels: labels(run['Labels']),
    history: (Array.isArray(body['history']) ? (body['history'] as unknown[]) : []).map((entry) => {
      const step = fields(entry);
      return {
        created: date(step['created']),
        createdBy: text(step['created_by']),
        comment: text(step['comment']),
        emptyLayer: step['empty_layer'] === true,
      };
    }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** A label that is no string keeps its JSON, so that one about tags is reported and not passed over. Null counts as absent. */
function labels(value: unknown): [string, string][] {
  return Object.entries(fields(value))
    .filter(([, label]) => label !== null)
    .map(([name, label]) => [name, typeof label === 'string' ? label : JSON.stringify(label)]);
}

function date(value: unknown): Date | undefined {
  const read = typeof value === 'string' ? new Date(value) : undefined;
  return read && !Number.isNaN(read.getTime()) ? read : undefined;
}
