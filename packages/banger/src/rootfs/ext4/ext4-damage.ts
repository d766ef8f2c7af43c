/** What is wrong with a file that is read as ext4; whoever knows its name makes it an error for the user. */
export class Ext4Damage extends Error {
  override readonly name = 'Ext4Damage';
}
