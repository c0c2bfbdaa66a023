import manifest from '../package.json' with { type: 'json' };

/** Version of this collector. */
export const VERSION: string = manifest.version;
