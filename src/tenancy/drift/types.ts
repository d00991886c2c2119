import { z } from 'zod';

/** An object of a database as its catalogue describes it. `parent` is the object with which it stands and falls. */
export const catalogueObject = z.object({
  kind: z.string(),
  name: z.string(),
  parent: z.string().nullable(),
  facts: z.record(z.string(), z.unknown()),
});
export type CatalogueObject = z.infer<typeof catalogueObject>;

/** How one tenant's database differs from what the present migrations make, in words. */
export type DriftReport = {
  readonly slug: string;
  readonly missingMigrations: readonly string[];
  readonly unknownMigrations: readonly string[];
  readonly differences: readonly string[];
};
