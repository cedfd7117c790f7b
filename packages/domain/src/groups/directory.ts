/** Somebody whom the identity provider knows. */
export interface DirectoryPerson {
  /** The provider's own id of the person: `sub` of its tokens. */
  readonly subject: string;
  /** What the person signs in with there. */
  readonly username: string;
  /** First and last name, where the provider has them. */
  readonly name?: string;
  readonly email?: string;
  /** Whether the provider has verified that address; one that is not verified identifies nobody. */
  readonly emailVerified?: boolean;
}

/** Whether the provider lets a person sign in; `absent`: it does not know the person (any more). */
export type PersonState = 'enabled' | 'disabled' | 'absent';

/**
 * What the identity provider says outside of sign-ins, where it lets itself be asked. Every method reads all there is, or throws:
 * half an answer would look like people who left.
 */
export interface Directory {
  /** Subjects of everybody in a group, by its full path; nobody when there is no such group. @throws DirectoryUnavailable */
  membersOf(group: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Full paths of the groups that a person is in now; none for one who is not there any more or may not sign in. @throws DirectoryUnavailable */
  groupsOf(subject: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** @throws DirectoryUnavailable */
  stateOf(subject: string, signal?: AbortSignal): Promise<PersonState>;
  /** People whose user name or name begins so, or whose e-mail address is exactly this. @throws DirectoryUnavailable */
  search(text: string, limit: number): Promise<readonly DirectoryPerson[]>;
}

/** The identity provider did not say what it was asked for; the message says why in words. */
export class DirectoryUnavailable extends Error {
  override readonly name = 'DirectoryUnavailable';
  /** False: it answers nothing at all at the moment, so asking for more would be in vain. */
  readonly isReachable: boolean;

  constructor(message: string, { isReachable, cause }: { isReachable: boolean; cause?: unknown }) {
    super(message, { cause });
    this.isReachable = isReachable;
  }
}
