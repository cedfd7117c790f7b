import { principalKey, type Principal } from '@escale/domain/access';
import { DomainError } from '@escale/domain/errors';
import { sourceOf } from '@escale/server-kit/client-address';

/** Streams of live events that one process keeps open at once. */
export interface StreamLimits {
  /** Of one caller who is signed in, or one robot. */
  readonly ofPrincipal: number;
  /** Of one address, whoever is signed in there. */
  readonly ofAddress: number;
  /** Of one address without signing in. */
  readonly ofAnonymousAddress: number;
  /** Of all callers together who are not signed in. */
  readonly anonymous: number;
}

export const usualStreamLimits: StreamLimits = {
  ofPrincipal: 50,
  ofAddress: 250,
  ofAnonymousAddress: 10,
  anonymous: 200,
};

interface Stream {
  /** Undefined for a caller who is not signed in. */
  readonly principal: string | undefined;
  readonly address: string;
}

/** Counts open streams by who opened them, so that no one source uses up what all share. */
export class StreamQuotas {
  readonly #limits: StreamLimits;
  readonly #open: Stream[] = [];

  constructor(limits: StreamLimits = usualStreamLimits) {
    this.#limits = limits;
  }

  /**
   * Counts one more stream.
   * @returns what ends it in the count; may be called more than once
   * @throws TOOMANYREQUESTS with the limit that is reached
   */
  open(caller: Principal, clientAddress: string | undefined): () => void {
    const address = sourceOf(clientAddress ?? '');
    const principal = caller.kind === 'anonymous' ? undefined : principalKey(caller);
    this.#check(principal, address);
    const stream: Stream = { principal, address };
    this.#open.push(stream);
    return () => {
      const place = this.#open.indexOf(stream);
      if (place >= 0) this.#open.splice(place, 1);
    };
  }

  #check(principal: string | undefined, address: string): void {
    const { ofPrincipal, ofAddress, ofAnonymousAddress, anonymous } = this.#limits;
    const count = (matches: (stream: Stream) => boolean) => this.#open.filter(matches).length;
    if (principal === undefined) {
      const nobodyHere = (stream: Stream) => stream.principal === undefined && stream.address === address;
      if (count(nobodyHere) >= ofAnonymousAddress)
        refuse(
          `an address may follow at most ${String(ofAnonymousAddress)} streams without signing in; sign in, or close some`,
        );
      if (count((stream) => stream.principal === undefined) >= anonymous)
        refuse('too many follow live events without signing in; sign in, or try again shortly');
      return;
    }
    if (count((stream) => stream.principal === principal) >= ofPrincipal)
      refuse(`you may follow at most ${String(ofPrincipal)} streams at once; close some`);
    if (count((stream) => stream.principal !== undefined && stream.address === address) >= ofAddress)
      refuse(`at most ${String(ofAddress)} streams may be followed from one address; close some`);
  }
}

function refuse(message: string): never {
  throw new DomainError('TOOMANYREQUESTS', message, { detail: { retryAfter: 5 } });
}
