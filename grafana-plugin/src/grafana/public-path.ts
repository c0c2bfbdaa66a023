import amdModule from 'amd-module';

declare global {
  var __webpack_public_path__: string;
}

// Where this file came from is where its parts are: under a sub-path and behind a CDN too.
const uri = amdModule?.uri;
if (uri) __webpack_public_path__ = uri.slice(0, uri.lastIndexOf('/') + 1);
