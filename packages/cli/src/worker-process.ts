import { request as requestInside, type RequestListener } from 'node:http';
import type { Lifecycle } from '@escale/server-kit/lifecycle';
import { createLogger } from '@escale/server-kit/logger';
import type { EscaleConfig } from './config.ts';
import { openPools } from './database.ts';
import { onlyForThisMachine } from './embedded/demo-callers.ts';
import { dataFolderOf } from './embedded/data-folder.ts';
import { openFrontDoor } from './front-door.ts';
import { Metrics } from './metrics/metrics.ts';
import { openRunningStorage } from './open-storage.ts';
import { demoSettings, openRooms } from './rooms.ts';
import { openVault } from './secrets.ts';
import type { FromWorker, ToWorker } from './workers.ts';

/** One of several processes that answer requests: everything but what there is one of, which `Workers` keeps. */
export async function serveAsWorker(config: EscaleConfig, life: Lifecycle): Promise<void> {
  const logger = createLogger({ level: config.ESCALE_LOG_LEVEL });
  const begun = told('begin');
  const opened = told('open');
  const counters = new Metrics();
  answerWith(counters);
  say({ say: 'present' });
  const { identityProviderPort } = await begun;
  const data = dataFolderOf(config.dataDir);
  const vault = await openVault(config, data);
  const { blobStore, ...database } = await openRunningStorage(config, life, logger);
  const pools = await openPools(config, database, life);
  counters.watchDatabase(Object.values(pools));
  const demo =
    identityProviderPort === undefined
      ? undefined
      : await demoSettings(config, data).then((settings) => ({
          settings,
          room: {
            path: new URL(settings.issuer).pathname,
            handler: onlyForThisMachine(config.ESCALE_DEMO_NETWORKS ?? [], passOn(identityProviderPort)),
          },
        }));
  const jobs = jobsElsewhere();
  const rooms = await openRooms(config, life, { pools, vault, blobStore, logger, demo, counters, jobs });
  say({ say: 'ready' });
  await opened;
  const door = await openFrontDoor(config, counters.requests, logger, rooms);
  life.add('the listener', door, (open) => open.close());
}

function say(message: FromWorker): void {
  process.send?.(message);
}

/** Says what it has counted whenever it is asked. */
function answerWith(counters: Metrics): void {
  process.on('message', (message: ToWorker) => {
    if (message.say !== 'count') return;
    void counters.numbers().then((numbers) => {
      // The one that asked may have ended meanwhile.
      if (process.connected) say({ say: 'counted', numbers });
    });
  });
}

/** What the first process says of the background jobs, which run there. */
function jobsElsewhere(): { check(): void } {
  let isRunning = true;
  process.on('message', (message: ToWorker) => {
    if (message.say === 'jobs') isRunning = message.running;
  });
  return {
    check: () => {
      if (!isRunning) throw new Error('the background jobs cannot run; the first process logs why');
    },
  };
}

function told<Say extends ToWorker['say']>(what: Say): Promise<Extract<ToWorker, { say: Say }>> {
  return new Promise((resolve) => {
    const hear = (message: ToWorker) => {
      if (!isAbout(message, what)) return;
      process.off('message', hear);
      resolve(message);
    };
    process.on('message', hear);
  });
}

function isAbout<Say extends ToWorker['say']>(
  message: ToWorker,
  what: Say,
): message is Extract<ToWorker, { say: Say }> {
  return message.say === what;
}

/** Hands requests, as they came, to the process that has the embedded identity provider. */
function passOn(port: number): RequestListener {
  return (request, response) => {
    const { method, url: path, headers } = request;
    const inner = requestInside({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    inner.on('error', () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(503, { 'Retry-After': '2' }).end();
    });
    request.pipe(inner);
  };
}
