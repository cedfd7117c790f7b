import { Field, ObjectType } from 'type-graphql';
import type { DomainError } from '@escale/domain/errors';
import { clientCode } from './format-error.ts';

/** How one of many went, on its own; what names the one is a field of the type that extends this. */
@ObjectType()
export abstract class Outcome {
  @Field(() => Boolean, { description: 'False: it was left as it was.' })
  done!: boolean;

  @Field(() => String, { nullable: true, description: 'Why not: the code that an error would carry.' })
  code?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Why not, in words.' })
  message?: string | undefined;
}

/** @returns the fields of `Outcome`, beside those that name the one */
export function toOutcome<One extends { readonly refusal: DomainError | undefined }>({
  refusal,
  ...one
}: One): Omit<One, 'refusal'> & Outcome {
  return {
    ...one,
    done: refusal === undefined,
    ...(refusal && { code: clientCode(refusal), message: refusal.message }),
  };
}
