import { BangerError } from '@banger/protocol/errors';

import { closeNames } from '../../artifact/close-names.ts';
import type { ImageRecipe } from '../image-recipe.ts';
import { ociRecipe, type OciHost } from '../oci/oci-recipe.ts';
import { parseReference } from './reference.ts';
import { createRegistrySource, type RegistryHost } from './registry-client.ts';

export interface RegistryPull {
  readonly insecure?: boolean | undefined;
}

/** An image of a registry. Rejects what is no reference. */
export function registryRecipe(
  host: RegistryHost & OciHost,
  text: string,
  { insecure = false }: RegistryPull,
): ImageRecipe {
  const reference = parseReference(text);
  const { host: registry, familiar } = reference;
  return ociRecipe(host, {
    name: familiar,
    description: `From registry ${registry}`,
    asking: `Asking ${registry} for ${familiar}`,
    hint: `skopeo inspect --raw docker://${registry}/${reference.repository}`,
    source: createRegistrySource(reference, { ...host, insecure }),
    isFromRegistry: true,
    release: () => host.wire.release(),
  });
}

/** A word that is almost a name of the catalog is asked for in a registry, and when it is not there, it is said. */
export function withCloseNames(
  recipe: ImageRecipe,
  text: string,
  catalog: readonly { readonly name: string }[],
): ImageRecipe {
  const [closest] = closeNames(
    text,
    catalog.map(({ name }) => name),
  );
  if (closest === undefined) return recipe;
  return {
    ...recipe,
    build: (build) =>
      recipe.build(build).catch((error: unknown) => {
        if (!(error instanceof BangerError) || !/^(image\.not_found|registry\.)/.test(error.code)) {
          throw error;
        }
        throw new BangerError(error.code, `${error.message}; did you mean "${closest}"?`, {
          ...{ cause: error, details: error.details },
          hint: `banger image pull ${closest}`,
        });
      }),
  };
}
