// Jest turns a .ts file into CommonJS here, which has no top-level await; Node itself does not.
export { default } from './jest-global-setup.ts';
