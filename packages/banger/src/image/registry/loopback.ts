/** Whether a URL's hostname is this machine, whatever a resolver says: plain HTTP to it leaves no wire to listen on. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
  );
}
