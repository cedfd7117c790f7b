/** `linux/amd64, linux/arm64` with each system said once: `linux/amd64, arm64`. */
export function inShort(platforms: readonly string[]): string {
  let said: string | undefined;
  return platforms
    .map((platform) => {
      const [system = '', ...rest] = platform.split('/');
      const isSaid = system === said && rest.length > 0;
      said = system;
      return isSaid ? rest.join('/') : platform;
    })
    .join(', ');
}
