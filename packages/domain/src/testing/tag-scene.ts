import { Namespace, type Repository, type User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest } from '@escale/schema/values';
import { findTagDetails, listTagEvents } from '../content/index.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { contextFor } from './domain-test.ts';
import { pushTestImage, type PushedTestImage, type TestImage } from './push-test-image.ts';

/** A repository whose tags a test changes, as the person who administers it. */
export class TagScene {
  readonly database: TestDatabase;
  readonly #alice: User;
  readonly #namespaceId: string;
  /** The one that `freshRepository` made last. */
  repository!: Repository;

  private constructor(database: TestDatabase, alice: User, namespaceId: string) {
    this.database = database;
    this.#alice = alice;
    this.#namespaceId = namespaceId;
  }

  /** @param serverUrl of a PostgreSQL server on which databases may be made */
  static async open(serverUrl: string): Promise<TagScene> {
    const database = await openTestDatabase(serverUrl);
    const em = database.orm.em.fork();
    const alice = await buildUser(em, { name: 'alice' });
    const { namespace } = await buildOrganization(em, { owner: alice });
    return new TagScene(database, alice, namespace.id);
  }

  get name(): string {
    return this.repository.name;
  }

  ctx(who: User = this.#alice): Context {
    return contextFor(this.database.orm.em, who);
  }

  /** A repository that no other test knows. */
  async freshRepository(): Promise<Repository> {
    const em = this.database.orm.em.fork();
    const namespace = await em.findOneOrFail(Namespace, { id: this.#namespaceId });
    this.repository = await buildRepository(em, { namespace });
    return this.repository;
  }

  push(image: TestImage): Promise<PushedTestImage> {
    return pushTestImage(this.ctx(), this.repository, image);
  }

  async digestOf(tag: string): Promise<Digest | undefined> {
    return (await findTagDetails(this.ctx(), this.name, tag))?.digest;
  }

  /** Kind, digest and previous digest of what happened, the latest first. */
  async history(tag?: string) {
    const { items } = await listTagEvents(this.ctx(), this.name, { tag, page: { first: 100 } });
    return items.map(({ kind, digest, previousDigest }) => [kind, digest, previousDigest]);
  }

  /** Lets time pass, for this repository. */
  async pass(seconds: number): Promise<void> {
    const em = this.database.orm.em.fork();
    const back = `- interval '${String(seconds)} seconds'`;
    await em.execute(
      `update tags set started_at = started_at ${back}, ended_at = ended_at ${back}, expires_at = expires_at ${back}
         where repository_id = ?`,
      [this.repository.id],
    );
    await em.execute(`update tag_events set at = at ${back} where repository_id = ?`, [this.repository.id]);
  }
}

/** The code with which something is refused; undefined when it is done. */
export async function codeOf(act: Promise<unknown>): Promise<string | undefined> {
  try {
    await act;
    return undefined;
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}
