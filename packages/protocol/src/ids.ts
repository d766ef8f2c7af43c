import { z } from 'zod';

export const VmId = z
  .string()
  .regex(/^vm_[0-9a-z]{10}$/)
  .brand<'VmId'>();
export type VmId = z.infer<typeof VmId>;

/** An image: `img_` and the first 16 hex digits of a SHA-256 over its name, its root file system and how it is run. */
export const ImageId = z
  .string()
  .regex(/^img_[0-9a-f]{16}$/)
  .brand<'ImageId'>();
export type ImageId = z.infer<typeof ImageId>;

/** The content of a kernel bundle: `krn_` and 16 hex digits of the SHA-256 over its files. */
export const KernelId = z
  .string()
  .regex(/^krn_[0-9a-f]{16}$/)
  .brand<'KernelId'>();
export type KernelId = z.infer<typeof KernelId>;

/** The shape of a template: `tpl_` and 16 hex digits of the SHA-256 over everything a fork of it depends on. */
export const TemplateId = z
  .string()
  .regex(/^tpl_[0-9a-f]{16}$/)
  .brand<'TemplateId'>();
export type TemplateId = z.infer<typeof TemplateId>;

export const ExecId = z
  .string()
  .regex(/^exec_[0-9a-z]{10}$/)
  .brand<'ExecId'>();
export type ExecId = z.infer<typeof ExecId>;

/** One user request through CLI, daemon, log and error messages. */
export const OperationId = z
  .string()
  .regex(/^op-[0-9a-z]{6}$/)
  .brand<'OperationId'>();
export type OperationId = z.infer<typeof OperationId>;

export const newVmId = (): VmId => VmId.parse(`vm_${randomText(10)}`);
export const newExecId = (): ExecId => ExecId.parse(`exec_${randomText(10)}`);
export const newOperationId = (): OperationId => OperationId.parse(`op-${randomText(6)}`);

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz';

function randomText(length: number): string {
  const bytes = crypto.getRandomValues(new Uint32Array(length));
  return Array.from(bytes, (value) => ALPHABET[value % ALPHABET.length]).join('');
}
