/** The part of the table in `errors.ts` that is about images, registries, builds and kernels. */
export const imageErrors = {
  'image.not_found': { status: 404, about: 'No image of this name, here or in the catalog' },
  'image.in_use': { status: 409, about: 'A VM uses the image' },
  'image.damaged': { status: 500, about: 'A stored image is not what was stored' },
  'image.bad_content': {
    status: 422,
    about:
      'What an image is made of cannot be: damaged, too large, or of a form that has no meaning',
  },
  'image.reference_invalid': {
    status: 400,
    about: 'What was given is no reference to an image, as Docker writes them',
  },
  'image.other_platform': { status: 422, about: 'The image is not for this machine' },
  'image.unsupported': {
    status: 422,
    about: 'The image is of a form that is known and not supported',
  },
  'image.no_entrypoint': { status: 422, about: 'The image does not say what it runs' },
  'image.no_shell': { status: 422, about: 'The image has no shell (exit status 127)' },
  'image.build_failed': { status: 500, about: 'Making an image failed' },
  'registry.unauthorized': {
    status: 401,
    about: 'A registry wants to know who asks, or does not give this to who asked',
  },
  'registry.unreachable': { status: 502, about: 'A registry cannot be reached' },
  'registry.failed': {
    status: 502,
    about: 'A registry answers with a failure, too slowly, or not as a registry does',
  },
  'build.invalid': {
    status: 400,
    about: 'A Dockerfile, or what it copies, cannot be built as it is written',
  },
  'build.step_failed': {
    status: 422,
    about: 'A command of a Dockerfile ended with another status than 0',
  },
  'build.no_context': {
    status: 404,
    about: 'The files that were sent for a build are not here (any more)',
  },
  'catalog.unreachable': {
    status: 502,
    about:
      'A catalog or a bundle cannot be read: its server is away or refuses, or it is not there',
  },
  'kernel.not_found': { status: 404, about: 'No kernel of this name, here or in the catalog' },
  'kernel.in_use': { status: 409, about: 'A VM uses the kernel' },
  'kernel.damaged': { status: 500, about: 'A stored kernel is not what was stored' },
  'kernel.bad_content': {
    status: 422,
    about: 'What a kernel is to be made of cannot be: damaged, incomplete, or of another form',
  },
  'kernel.build_failed': { status: 500, about: 'Making a kernel bundle failed' },
} as const;
