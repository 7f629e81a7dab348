// Takes the lock of the profile directory named by its argument, says so, and keeps it until it is killed.
import { ProfileLock } from '#identity/profile-lock.ts'

const [directory] = process.argv.slice(2)
if (directory === undefined) throw new Error('usage: lock-holder DIRECTORY')
try {
  const lock = new ProfileLock(directory)
  process.stdout.write('locked\n')
  process.stdin.on('end', () => lock.release()).resume()
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : String(error)}\n`)
}
