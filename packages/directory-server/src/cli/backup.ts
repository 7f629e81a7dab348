import type { Settings } from '#settings/settings.ts'
import { backUp } from '#store/backup.ts'
import { EXIT, type ExitCode } from './exit.ts'

export interface BackupFlags {
  readonly file: string
  readonly withKey: boolean
  readonly isJson: boolean
  /** Takes what is told of the copy. */
  readonly out: (text: string) => void
}

/** `parley-directory backup FILE`. */
export async function runBackup({ dataDir }: Settings, { file, withKey, isJson, out }: BackupFlags): Promise<ExitCode> {
  const { stderr } = process
  const progress = (share: number) => {
    if (stderr.isTTY) stderr.write(`\r${Math.floor(share * 100)} %${share === 1 ? '\n' : ''}`)
  }
  const backup = await backUp({ dataDir, file, withKey, progress })
  if (isJson) {
    out(`${JSON.stringify({ event: 'backup', ...backup })}\n`)
    return EXIT.done
  }
  const key =
    backup.keyFile === undefined
      ? 'WITHOUT the key of the directory: nothing that was signed for it is worth anything without directory.key'
      : `${backup.keyFile}: the KEY of the directory. Whoever has it can pose as this directory; keep it apart, and secret`
  out(`${backup.file}: ${backup.names} names, ${backup.bytes} bytes, checked\n${key}\n`)
  return EXIT.done
}
