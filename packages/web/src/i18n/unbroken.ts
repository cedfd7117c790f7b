/**
 * French puts a space before some signs, and no line begins with one of them: in the catalogue it is an ordinary space, as people
 * type it, on the page one that does not break. English has no such space.
 * @param texts a catalogue, or a part of one
 */
export function unbroken<Texts extends object>(texts: Texts): Texts {
  const typed = JSON.stringify(texts);
  return JSON.parse(
    typed
      .replaceAll(/ ([;!?])/g, '\u202f$1')
      .replaceAll(/ ([:»])/g, '\u00a0$1')
      .replaceAll('« ', '«\u00a0'),
  ) as Texts;
}
