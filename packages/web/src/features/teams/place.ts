/** Which team of which organization, as inputs name it. */
export interface TeamPlace {
  readonly organization: string;
  readonly team: string;
}
