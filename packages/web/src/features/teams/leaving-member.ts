/** Somebody about to leave an organization, with what goes along where that is known. */
export interface LeavingMember {
  readonly name: string;
  readonly teams?: readonly string[];
  /** Repositories with a permission of the member's own. */
  readonly permissions?: number;
}
