// SPDX-License-Identifier: Apache-2.0
import { shippedParameters } from '#config/catalogue'
import { ParameterCatalogue } from '#daemon/domain/provisioning/parameter'

export const CATALOGUE = new ParameterCatalogue(shippedParameters())
