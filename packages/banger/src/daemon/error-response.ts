import { errorCatalog, type BangerError } from '@banger/protocol/errors';
import { OPERATION_HEADER } from '@banger/protocol/streams';
import { toWireError } from '@banger/protocol/wire-error';

/** The catalog's status with the error as JSON. */
export function errorResponse(error: BangerError, operation?: string): Response {
  return Response.json(toWireError(error, operation), {
    status: errorCatalog[error.code].status,
    headers: operation === undefined ? {} : { [OPERATION_HEADER]: operation },
  });
}
