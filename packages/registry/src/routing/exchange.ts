import type { Context as KoaContext } from 'koa';
import type { AccessibleRepository } from '@escale/domain/access';
import type { SeenBlob, StoredManifest } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import type { Services } from '../services.ts';

/** One request on its way to a handler: the domain's context, what was asked, and where the answer goes. */
export interface Exchange<Request> {
  readonly ctx: Context;
  readonly request: Request;
  readonly services: Services;
  /** Koa's side: headers in, status, headers and body out. */
  readonly http: KoaContext;
  readonly query: URLSearchParams;
}

/** The repository that the request names, in which the caller has what the endpoint needs. */
export type OnRepository<Request> = Exchange<Request> & {
  readonly repository: AccessibleRepository;
  /** For pushes: the repository as it is now, made again where it was removed since. */
  readonly readmit?: (() => Promise<AccessibleRepository>) | undefined;
};

/** What reading endpoints are given beside: the thing itself, found in the same look as the right to it; absent when it is not there. */
export type OnContent<Request, Content> = OnRepository<Request> & { readonly content: Content | undefined };

/** The same for what may be asked before the first push: then there is no repository yet, and the caller could make it. */
export type BeforeRepository<Request> = Exchange<Request> & { readonly repository: AccessibleRepository | undefined };

type ExchangeOf<Request> = Request extends { kind: 'getManifest' }
  ? OnContent<Request, StoredManifest>
  : Request extends { kind: 'getBlob' }
    ? OnContent<Request, SeenBlob>
    : Request extends { kind: 'listReferrers' }
      ? BeforeRepository<Request>
      : Request extends { repository: unknown }
        ? OnRepository<Request>
        : Exchange<Request>;

export type Handler<Request> = (exchange: ExchangeOf<Request>) => Promise<void> | void;
