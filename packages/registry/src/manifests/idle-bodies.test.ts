import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { anonymous } from '@escale/domain/access';
import { buildUser } from '@escale/schema/testing';
import { clientOf, imageOf } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
const sockets: Socket[] = [];
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await registry.close();
});

/** Sends the head of a push that announces a body of so many bytes, and one of them. */
async function sendOneByte(path: string, as: string, length: number): Promise<void> {
  const { hostname, port } = new URL(registry.url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  const head = [`PUT ${path} HTTP/1.1`, 'Host: localhost', `Authorization: ${as}`, `Content-Length: ${String(length)}`];
  await new Promise<void>((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n{`, () => resolve()));
}

test('bodies that announce much and do not come hold up nobody, not even their own sender', async () => {
  const { em } = registry.contextOf(anonymous);
  const [mallory, alice] = [await buildUser(em), await buildUser(em)];
  const [as, own] = [await registry.applicationToken(mallory), await registry.applicationToken(alice)];
  const idle: Promise<void>[] = [];
  for (let index = 0; index < 200; index += 1) {
    const path = `/v2/${mallory.username}/app/manifests/v${String(index)}`;
    // Of each size that shares memory apart.
    idle.push(sendOneByte(path, as, index % 2 === 0 ? 4 * 2 ** 20 : 200_000));
  }
  await Promise.all(idle);
  for (const [user, credential] of [
    [alice, own],
    [mallory, as],
  ] as const) {
    const client = clientOf(registry, credential);
    const repository = `${user.username}/other`;
    await client.pushBlob(repository, '{}');
    await client.pushBlob(repository, 'layer');
    const small = await client.putManifest(repository, 'small', imageOf(['layer']));
    const large = imageOf(['layer'], { annotations: { filling: 'x'.repeat(300_000) } });
    expect([small.status, (await client.putManifest(repository, 'large', large)).status]).toEqual([201, 201]);
  }
});
