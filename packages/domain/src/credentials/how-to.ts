/** Said wherever somebody without a working credential asks: the way to one. */
export const howToGetApplicationToken =
  'create an application token in the console (Account settings, Application tokens) and use the docker login line that it shows';
