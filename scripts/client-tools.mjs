// The clients of `npm run test:clients`. Debian's packages are installed when we are root and apt-get is there; the others are
// built from the Go module proxy, once for each version, into a folder of the project that git ignores.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

/** By command, the Debian package that brings it. */
const packages = {
  dockerd: 'docker.io',
  busybox: 'busybox-static',
  skopeo: 'skopeo',
  podman: 'podman',
  buildah: 'buildah',
  ctr: 'containerd',
  umoci: 'umoci',
  pgbouncer: 'pgbouncer',
};

/** By command, the Go package that it is built from. */
const modules = {
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.22.1',
  regctl: 'github.com/regclient/regclient/cmd/regctl@v0.11.7',
  oras: 'oras.land/oras/cmd/oras@v1.3.6',
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  cosign: 'github.com/sigstore/cosign/v3/cmd/cosign@v3.1.3',
};

const cache = path.join(path.dirname(import.meta.dirname), '.cache', 'clients');

/** Installs what is missing. @returns folders to look for commands in, before all others; what cannot be had ends the process */
export function installClientTools() {
  installPackages(Object.keys(packages));
  return Object.entries(modules).map(([command, module]) => buildModule(command, module));
}

/** Installs Debian's packages of these commands where they are missing; what cannot be had ends the process. */
export function installPackages(commands) {
  const missing = () => commands.filter((command) => !isThere(command));
  const names = missing().map((command) => packages[command]);
  if (names.length === 0) return;
  if (process.getuid?.() === 0 && isThere('apt-get')) {
    console.error(`Installing ${names.join(', ')} …`);
    const options = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
    aptGet([...options, 'update']);
    aptGet([...options, 'install', '-y', '--no-install-recommends', ...names]);
  }
  if (missing().length > 0) fail(`apt-get install ${names.join(' ')}`);
}

function buildModule(command, module) {
  const version = module.slice(module.indexOf('@') + 1);
  const folder = path.join(cache, `${command}-${version}`);
  if (existsSync(path.join(folder, command))) return folder;
  if (!isThere('go')) fail(`install Go 1.26 or later, ${command} is built with it`);
  console.error(`Building ${command} ${version} …`);
  mkdirSync(folder, { recursive: true });
  const { status, stderr } = spawnSync('go', ['install', '-ldflags=-s -w', module], {
    cwd: folder,
    env: { ...process.env, GOBIN: folder, CGO_ENABLED: '0' },
    encoding: 'utf8',
  });
  if (status === 0) return folder;
  rmSync(folder, { recursive: true, force: true });
  console.error(stderr);
  return fail(`go install ${module} (its messages are above)`);
}

function isThere(command) {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

function aptGet(args) {
  spawnSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'ignore', process.stderr.fd],
  });
}

function fail(remedy) {
  console.error(`escale: the tests with real clients lack something: ${remedy}`);
  process.exit(1);
}
