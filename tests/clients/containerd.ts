import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startDaemon, type Daemon } from './daemon.ts';
import type { Workplace } from './workplace.ts';

/** A containerd of a workplace: own data, own socket; `ctr` finds it by its environment. */
export async function startContainerd(work: Workplace): Promise<Daemon> {
  const file = path.join(work.folder, 'containerd.toml');
  const address = path.join(work.folder, 'containerd.sock');
  work.env['CONTAINERD_ADDRESS'] = address;
  await writeFile(
    file,
    `version = 2
root = "${work.folder}/containerd"
state = "${work.folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "${address}"
`,
  );
  return startDaemon('containerd', ['--config', file], async () => (await work.attempt('ctr', ['version'])).code === 0);
}
