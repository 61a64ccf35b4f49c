/** The instrumentation scope of every span and log record: the name of this package, and its version. */
export const NAME = '@svc/otel'
/** Kept equal to package.json's by a test, so that no file is read at run time. */
export const VERSION = '0.0.0'
