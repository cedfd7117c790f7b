/** Seconds for which a registry token is good; clients ask for another by themselves. */
export const tokenLifetime = 300;

/** Seconds by which the clocks of our own processes may differ. */
export const clockSkew = 300;
