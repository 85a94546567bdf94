// The files that take longest begin first, on a machine too that has never run them: begun last, one of them would keep one worker busy
// while the other has nothing left to do.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LONGEST = [
  'test/properties/explore.test.ts',
  'test/leader/simulation/first-thousand.test.ts',
  'test/leader/simulation/second-thousand.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLongest = ({ moduleId }: TestSpecification): boolean => LONGEST.some((path) => moduleId.endsWith(path))
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}
