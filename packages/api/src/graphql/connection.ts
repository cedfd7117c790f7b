import { ArgsType, Field, Int, ObjectType, type ClassType } from 'type-graphql';
import type { Page, PageInput } from '@escale/domain/page';

@ArgsType()
export class PageArgs implements PageInput {
  @Field(() => Int, { nullable: true, description: 'How many, 1 to 100; 30 when left out.' })
  first?: number | undefined;

  @Field(() => String, { nullable: true, description: 'A cursor of this list: go on after it.' })
  after?: string | undefined;
}

@ObjectType({ description: 'Where a part of a list ends.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows.' })
  hasNextPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'What to give as `after` for what follows; null when nothing was found.',
  })
  endCursor?: string | undefined;
}

/** What every connection has, whatever its nodes are. */
export interface Connection<Node> {
  nodes: readonly Node[];
  edges: readonly { cursor: string; node: Node }[];
  totalCount: number;
  pageInfo: PageInfo;
}

/** The connection type of a node type: `RobotConnection` with `nodes`, `edges`, `totalCount` and `pageInfo`. */
export function connectionOf<Node extends object>(name: string, node: () => ClassType | object) {
  @ObjectType(`${name}Edge`, { description: 'A node with its place in the list.' })
  class Edge {
    @Field(() => String, { description: 'What to give as `after` to go on behind this one.' })
    cursor!: string;

    @Field(node as never, { description: 'The node.' })
    node!: Node;
  }

  @ObjectType(`${name}Connection`, { description: `A part of a list; its nodes are of the type ${name}.` })
  class NodeConnection implements Connection<Node> {
    @Field(() => [node()] as never, { description: 'The nodes alone.' })
    nodes!: Node[];

    @Field(() => [Edge], { description: 'The nodes with their cursors.' })
    edges!: Edge[];

    @Field(() => Int, { description: 'How many there are in the whole list.' })
    totalCount!: number;

    @Field(() => PageInfo, { description: 'Whether and from where to go on.' })
    pageInfo!: PageInfo;
  }
  return NodeConnection;
}

export function toConnection<Node>({
  items,
  cursors,
  totalCount,
  hasNextPage,
  endCursor,
}: Page<Node>): Connection<Node> {
  return {
    nodes: items,
    edges: items.map((node, index) => ({ node, cursor: cursors?.[index] ?? '' })),
    totalCount,
    pageInfo: { hasNextPage, endCursor },
  };
}
