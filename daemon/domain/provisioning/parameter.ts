// SPDX-License-Identifier: Apache-2.0
import { nearestName } from './nearest-name.ts'

/** What a parameter is on some models. */
export interface ParameterFacts {
  /** Base models such as `440HD`; none when it is not told which. */
  readonly models: readonly string[]
  readonly type?: 'int' | 'bool' | 'string' | 'enum' | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
  /** Characters. */
  readonly maxLength?: number | undefined
  readonly default?: string | undefined
  /** Choices; `LOCAL=4` may be written as `LOCAL` or `4`. */
  readonly values?: readonly string[] | undefined
  /** First and last index, where the name has a `#`. */
  readonly index?: readonly [number, number] | undefined
  readonly reload?: 'reboot' | 'voip' | 'ui' | 'log' | 'ntp' | undefined
  readonly secured?: true | undefined
  readonly hidden?: true | undefined
}

/** A setting of the phones; `#` in its name stands for an index. */
export interface Parameter {
  readonly name: string
  readonly source: 'firmware' | 'manual'
  readonly variants: readonly ParameterFacts[]
}

export interface ParameterQuery {
  /** Words that must all stand in the name, without regard to case; an index may be written as a number. */
  readonly text: string
  /** Only what this model is known to have. */
  readonly model?: string | undefined
}

/** The parameters that are known, for looking up. Names are compared without regard to case. */
export class ParameterCatalogue {
  readonly #byName: ReadonlyMap<string, Parameter>
  /** The models that the list tells about; of others it tells nothing. */
  readonly models: readonly string[]

  constructor(parameters: readonly Parameter[]) {
    this.#byName = new Map(parameters.map((parameter) => [parameter.name.toLowerCase(), parameter]))
    this.models = [...new Set(parameters.flatMap(({ variants }) => variants.flatMap(({ models }) => models)))].sort()
  }

  get size(): number {
    return this.#byName.size
  }

  /** The parameter that a key of a file such as `voip/line/0/id` sets. */
  find(key: string): Parameter | undefined {
    const name = key.toLowerCase()
    return this.#byName.get(name) ?? this.#byName.get(familyName(name))
  }

  /** The known name that is most like `key`, with its indexes put in; undefined when none is like it. */
  nearest(key: string): string | undefined {
    const indexes = key.match(/\/\d+(?=\/|$)/g) ?? []
    const found = nearestName(familyName(key.toLowerCase()), this.#byName.keys())
    let used = 0
    const name = found === undefined ? undefined : this.#byName.get(found)?.name
    return name?.replaceAll('/#', () => indexes[used++] ?? '/0')
  }

  /** In the order of their names. */
  search({ text, model }: ParameterQuery): Parameter[] {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean).map(familyName)
    return [...this.#byName].flatMap(([name, parameter]) => {
      const fits = model === undefined || parameter.variants.some(({ models }) => models.includes(model))
      return fits && words.every((word) => name.includes(word)) ? [parameter] : []
    })
  }
}

/** What `parameter` is on `model`: its own variant, else the first that names no model. */
export function factsOn(parameter: Parameter, model: string): ParameterFacts | undefined {
  const { variants } = parameter
  return variants.find(({ models }) => models.includes(model)) ?? variants.find(({ models }) => models.length === 0)
}

/** `voip/line/0/id` → `voip/line/#/id`. */
export function familyName(key: string): string {
  return key.replaceAll(/\/\d+(?=\/|$)/g, '/#')
}
