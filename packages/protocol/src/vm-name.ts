/** RFC 1123 section 2.1: a DNS label in lower case. Without zod, for programs that have to start fast. */
export const VM_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
export const VM_NAME_RULE = 'a name is 1 to 63 of a-z, 0-9 and "-", with no "-" at either end';
