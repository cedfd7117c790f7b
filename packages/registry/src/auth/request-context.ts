import type Koa from 'koa';
import { anonymous } from '@escale/domain/access';
import type { Context } from '@escale/domain/context';
import type { Services } from '../services.ts';

/** The context of a request whose caller is yet to be learnt. */
export class RequestContext implements Context {
  principal: Context['principal'] = anonymous;
  readonly now = new Date();
  readonly vault: Context['vault'];
  readonly client: Context['client'];
  believed?: NonNullable<Context['believed']>;
  /** Id of the repository that this push has made; it goes again when the push is refused. */
  made?: string;
  declare readonly faults?: NonNullable<Context['faults']>;
  readonly #orm: Services['orm'];
  #em: Context['em'] | undefined;

  constructor({ orm, vault, faults, clientAddress }: Services, http: Koa.Context) {
    const userAgent = http.headers['user-agent'];
    const address = clientAddress(http.req);
    this.vault = vault;
    this.client = { ...(address !== undefined && { address }), ...(userAgent !== undefined && { userAgent }) };
    if (faults) this.faults = faults;
    this.#orm = orm;
  }

  /** The database is forked when somebody asks for it: most pulls never do. */
  get em(): Context['em'] {
    return (this.#em ??= this.#orm.em.fork());
  }
}
