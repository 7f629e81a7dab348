import type { Child } from '#bench/child.ts'
import { figureOf } from '#bench/note.ts'
import { programOf } from '#bench/programs.ts'
import type { Scene } from '#bench/scene.ts'

interface ParleyOptions {
  /** No pings, so that the bytes of a socket are those of what it is told. */
  readonly isQuiet?: boolean
}

/** A directory of the product on this data directory. */
export async function startParley(
  scene: Scene,
  dataDir: string,
  { isQuiet = false }: ParleyOptions = {},
): Promise<{ child: Child; port: number }> {
  const { child, ready } = await scene.start({
    name: 'directory',
    program: programOf('directory/parley-directory'),
    args: [dataDir, `${dataDir}.log`, ...(isQuiet ? ['quiet'] : [])],
  })
  return { child, port: figureOf(ready, 'port') }
}
