import type { Settings } from '#settings/settings.ts'
import { backUp } from '#store/backup.ts'
import { EXIT, type ExitCode } from './exit.ts'

export interface BackupFlags {
  readonly file: string
  readonly withKey: boolean
  readonly isJson: boolean
}

/** `parley-directory backup FILE`. */
export async function runBackup({ dataDir }: Settings, { file, withKey, isJson }: BackupFlags): Promise<ExitCode> {
  const { stderr } = process
  const progress = (share: number) => {
    if (stderr.isTTY) stderr.write(`\r${Math.floor(share * 100)} %${share === 1 ? '\n' : ''}`)
  }
  const backup = await backUp({ dataDir, file, withKey, progress })
  if (isJson) {
    console.log(JSON.stringify({ event: 'backup', ...backup }))
    return EXIT.done
  }
  console.log(`${backup.file}: ${backup.names} names, ${backup.bytes} bytes, checked`)
  console.log(
    backup.keyFile === undefined
      ? 'WITHOUT the key of the directory: nothing that was signed for it is worth anything without directory.key'
      : `${backup.keyFile}: the KEY of the directory. Whoever has it can pose as this directory; keep it apart, and secret`,
  )
  return EXIT.done
}
