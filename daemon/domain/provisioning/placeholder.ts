// SPDX-License-Identifier: Apache-2.0

/** One layer of placeholder values. Names stand without `%ITCS_` and `%`. */
export interface Layer {
  /** What people call it: `built-in`, `system`, `model 440HD`, `user anna`, `device 00908f123456`. */
  readonly name: string
  readonly values: Readonly<Record<string, string | undefined>>
  /** Names of those values that are secrets. */
  readonly secrets?: ReadonlySet<string>
}

/** A placeholder's value and the layer it came from. */
export interface Resolved {
  readonly value: string
  readonly source: string
}

/**
 * The value of `name` along the one path of precedence: later layers are nearer to the device and win. An empty text
 * is a value (it clears what a farther layer set); an absent key is not.
 */
export function resolve(layers: readonly Layer[], name: string): Resolved | undefined {
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i]
    const value = layer && Object.hasOwn(layer.values, name) ? layer.values[name] : undefined
    if (layer && value !== undefined) return { value, source: layer.name }
  }
  return undefined
}

/** Every layer that knows `name`, the one that wins last. */
export function valuesOf(layers: readonly Layer[], name: string): Resolved[] {
  return layers.flatMap((layer) => {
    const value = Object.hasOwn(layer.values, name) ? layer.values[name] : undefined
    return value === undefined ? [] : [{ value, source: layer.name }]
  })
}

/** Every name that some layer knows, sorted. */
export function namesIn(layers: readonly Layer[]): string[] {
  return [...new Set(layers.flatMap(({ values }) => Object.keys(values)))].sort()
}
