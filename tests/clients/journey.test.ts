import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest';
import { startAcme, type Acme, type Credentials } from './acme.ts';
import type { Daemon } from './daemon.ts';
import { buildah, podman, skopeo, umoci } from './drivers/containers-image.ts';
import { crane } from './drivers/crane.ts';
import { ctr } from './drivers/ctr.ts';
import { docker } from './drivers/docker.ts';
import { oras } from './drivers/oras.ts';
import { regctl } from './drivers/regctl.ts';
import { startInterruptingProxy } from './interrupting-proxy.ts';
import { makeLayout, platforms } from './material.ts';
import { stepsOf } from './step.ts';
import { openWorkplace, type Workplace } from './workplace.ts';

const clients = [docker, podman, buildah, skopeo, umoci, ctr, crane, regctl, oras];
const artifactType = 'application/vnd.example.parts';

describe.each(['filesystem', 'azurite'] as const)('layers in %s', (blobStore) => {
  let acme: Acme;
  let robot: Credentials;
  let token: Credentials;

  beforeAll(async () => {
    acme = await startAcme(blobStore);
    token = await acme.createToken('journey');
    robot = await acme.createRobot('journey');
    const work = await openWorkplace();
    await makeLayout(work, [5]);
    await skopeo.login(work, acme.host, token);
    for (const tag of [...platforms, 'multi'])
      await work.run('skopeo', [
        ...['copy', '--all', '--dest-tls-verify=false'],
        ...[`oci:layout:${tag}`, `docker://${acme.host}/acme/seed:${tag}`],
      ]);
    await acme.allow('acme+journey', 'acme/seed', 'READ');
    await work.remove();
  });
  afterAll(() => acme.stack.stop());

  describe.each(clients)('$name', (client) => {
    const step = stepsOf(client);
    const name = client.name.replace(/\W.*/, '');
    const own = `acme/${name}`;
    const on = (reference: string) => `${acme.host}/${reference}`;
    const digestOfTag = async (repository: string, tag: string) => {
      const answer = await acme.oci.request(`/v2/${repository}/manifests/${tag}`, { method: 'HEAD' });
      return answer.headers.get('docker-content-digest');
    };
    let work: Workplace;
    let daemon: Daemon | undefined;

    beforeAll(async () => {
      work = await openWorkplace();
      await makeLayout(work, [2]);
      daemon = await client.start?.(work);
    });
    afterAll(async () => {
      await daemon?.stop();
      await work.remove();
    });
    const login = async (host: string, who: Credentials) => {
      const { code, output } = await client.login(work, host, who);
      expect(code, output).toBe(0);
    };

    step('robot', 'a robot with a read permission logs in and pulls; with a wrong token it does not', async () => {
      const { code } = await client.login(work, acme.host, { ...robot, password: 'wrong' });
      // Some clients note down what they are told, and ask at the first use.
      if (code === 0) await expect(client.pull(work, on('acme/seed:amd64'))).rejects.toThrow(/unauthorized|401/i);
      await login(acme.host, robot);
      await client.pull(work, on('acme/seed:amd64'));
    });

    step('$app', 'an application token logs in and pulls', async () => {
      await login(acme.host, token);
      await client.pull(work, on('acme/seed:amd64'));
    });

    if (client.push) {
      step('push', 'what is pushed is there, byte for byte', async () => {
        await client.push?.(work, on(`${own}:1`));
        expect(await acme.oci.pullImage(own, '1')).toBe(await digestOfTag(own, '1'));
      });

      step('tag', 'pulls by tag', async () => {
        expect(await client.pull(work, on(`${own}:1`))).toBe(await digestOfTag(own, '1'));
      });

      step('digest', 'pulls by digest', async () => {
        const digest = String(await digestOfTag(own, '1'));
        expect(await client.pull(work, on(`${own}@${digest}`))).toBe(digest);
      });
    }

    if (client.index) {
      step('index', 'an index of two platforms is there with both images, and is pulled', async () => {
        await client.index?.(
          work,
          on(`${own}:multi`),
          platforms.map((tag) => on(`acme/seed:${tag}`)),
        );
        const answer = await acme.oci.request(`/v2/${own}/manifests/multi`);
        const { manifests } = (await answer.json()) as {
          manifests: { digest: string; platform: { architecture: string } }[];
        };
        expect(manifests.map(({ platform }) => platform.architecture)).toEqual(platforms);
        for (const { digest } of manifests) expect(await acme.oci.pullImage(own, digest)).toBe(digest);
        await client.pull(work, on(`${own}:multi`));
      });
    }

    if (client.mount) {
      step('mount', 'into another repository no layer is sent again', async () => {
        await client.pull(work, on(`${own}:1`));
        await client.mount?.(work, on(`${own}:1`), on(`${own}-copy:1`));
        const mounts = () =>
          acme.answered().filter(({ method, path, status }) => {
            return method === 'POST' && path.startsWith(`/v2/${own}-copy/blobs/uploads`) && status === 201;
          });
        await expect.poll(() => mounts().length).toBeGreaterThanOrEqual(2);
        await acme.oci.pullImage(`${own}-copy`, '1');
      });
    }

    if (client.attach) {
      step('referrers', 'what is attached is found again, by its own client and by others', async () => {
        await client.attach?.(work, on(`${own}:1`), artifactType);
        expect(await client.discover?.(work, on(`${own}:1`))).toContain(artifactType);
        const subject = String(await digestOfTag(own, '1'));
        const answer = await acme.oci.request(`/v2/${own}/referrers/${subject}`);
        expect(await answer.json()).toMatchObject({ manifests: [{ artifactType }] });
      });
    }

    if (client.remove) {
      step('delete', 'what is deleted is gone, and the same content elsewhere is not', async () => {
        await client.remove?.(work, on(`${own}-copy:1`));
        expect((await acme.oci.request(`/v2/${own}-copy/manifests/1`)).status).toBe(404);
        await acme.oci.pullImage(own, '1');
      });
    }

    if (client.resumes) {
      step('resume', 'a download that is cut goes on where it was cut', async () => {
        const proxy = await startInterruptingProxy(acme.stack);
        onTestFinished(() => proxy.stop());
        await login(proxy.host, token);
        const digest = await client.pull(work, `${proxy.host}/acme/seed:amd64`);
        expect(digest).toBe(await digestOfTag('acme/seed', 'amd64'));
        expect(proxy.cuts.length).toBeGreaterThan(0);
        expect(proxy.resumed.map(({ status }) => status)).toContain(206);
      });
    }

    if (client.logout) {
      step('logout', 'after that a private image is refused', async () => {
        await client.logout?.(work, acme.host);
        await expect(client.pull(work, on(`${own}:1`))).rejects.toThrow(/unauthorized|401|authentication/i);
      });
    }
  });
});
