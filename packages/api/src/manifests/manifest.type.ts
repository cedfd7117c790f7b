import { Field, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { LabelProblemReason } from '../graphql/enums.ts';
import { ByteCount, DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'A name and a value, of an annotation or a label.' })
export class Annotation {
  @Field(() => String, { description: 'Unique among its kind.' })
  name!: string;

  @Field(() => String, { description: 'Any text.' })
  value!: string;
}

@ObjectType({ description: 'A label or an annotation about tags that does not do what its text says.' })
export class LabelProblem {
  @Field(() => String, { description: 'The name of the label, such as `quay.expires-after`.' })
  name!: string;

  @Field(() => String, { description: 'The value of the label as it was written, at most 200 characters.' })
  value!: string;

  @Field(() => LabelProblemReason, { description: 'Why the label does not do what its text says.' })
  reason!: LabelProblemReason;
}

@ObjectType({ description: 'A step that made an image.' })
export class HistoryEntry {
  @Field(() => DateTime, { nullable: true, description: 'When the step was done.' })
  created?: Date | undefined;

  @Field(() => String, { nullable: true, description: 'The command.' })
  createdBy?: string | undefined;

  @Field(() => String, { nullable: true, description: 'What the builder remarks.' })
  comment?: string | undefined;

  @Field(() => Boolean, { description: 'The step made no layer.' })
  emptyLayer!: boolean;
}

@ObjectType({ description: 'What an image says of itself in its config.' })
export class ImageConfig {
  @Field(() => String, { nullable: true, description: '`linux`.' })
  os?: string | undefined;

  @Field(() => String, { nullable: true, description: '`arm64`.' })
  architecture?: string | undefined;

  @Field(() => String, { nullable: true, description: '`v8`.' })
  variant?: string | undefined;

  @Field(() => DateTime, { nullable: true, description: 'When the image was built.' })
  created?: Date | undefined;

  @Field(() => String, { nullable: true, description: 'Who built it.' })
  author?: string | undefined;

  @Field(() => String, { nullable: true, description: 'As whom the image runs.' })
  user?: string | undefined;

  @Field(() => String, { nullable: true, description: 'In which it runs.' })
  workingDirectory?: string | undefined;

  @Field(() => String, { nullable: true, description: 'What ends it.' })
  stopSignal?: string | undefined;

  @Field(() => [String], { description: 'The program and its first arguments.' })
  entrypoint!: readonly string[];

  @Field(() => [String], { description: 'The arguments that a run may replace.' })
  command!: readonly string[];

  @Field(() => [String], { description: '`NAME=value`.' })
  environment!: readonly string[];

  @Field(() => [String], { description: '`8080/tcp`.' })
  exposedPorts!: readonly string[];

  @Field(() => [String], { description: 'Paths that are meant to be mounted.' })
  volumes!: readonly string[];

  @Field(() => [HistoryEntry], { description: 'The steps that made the image, the first one first.' })
  history!: readonly HistoryEntry[];
}

@ObjectType({ description: 'A blob that an image lists: a layer of its file system, or a file of an artifact.' })
export class Layer {
  @Field(() => String, { description: 'Of the blob.' })
  digest!: string;

  @Field(() => String, { description: 'Of the blob.' })
  mediaType!: string;

  @Field(() => ByteCount, { description: 'As it is stored and pulled: compressed, where it is.' })
  size!: number;

  @Field(() => String, { nullable: true, description: 'The command that made it, where the config says it.' })
  command?: string | undefined;

  @Field(() => [Annotation], { description: 'Of its descriptor.' })
  annotations!: readonly Annotation[];
}

@ObjectType({ description: 'A manifest that an index lists.' })
export class PlatformManifest {
  @Field(() => String, { description: 'Of the manifest.' })
  digest!: string;

  @Field(() => String, { nullable: true, description: '`linux/arm64/v8`, where the index says it.' })
  platform?: string | undefined;

  @Field(() => String, { description: 'Of the manifest.' })
  mediaType!: string;

  @Field(() => ByteCount, {
    description: 'Of the manifest with everything below it; of the manifest alone when it is not here.',
  })
  size!: number;

  @Field(() => [Annotation], { description: 'Of its descriptor.' })
  annotations!: readonly Annotation[];
}

@ObjectType({ description: 'What a digest names in a repository: an image, an index of images, or another artifact.' })
export class Manifest {
  @Field(() => String, { description: 'What names it.' })
  digest!: string;

  @Field(() => String, { description: 'What it is.' })
  mediaType!: string;

  @Field(() => String, { nullable: true, description: "Its own, else its config's media type." })
  artifactType?: string | null | undefined;

  @Field(() => ByteCount, { description: 'Of the manifest itself.' })
  size!: number;

  @Field(() => ByteCount, {
    description: 'Of the manifest and of each distinct blob below it, children of an index included.',
  })
  totalSize!: number;

  @Field(() => String, { nullable: true, description: '`linux/arm64/v8`, of an image whose config says it.' })
  platform?: string | null | undefined;

  @Field(() => DateTime, { description: 'When the repository first had it.' })
  pushedAt!: Date;
}

export const ManifestConnection = connectionOf('Manifest', () => Manifest);
