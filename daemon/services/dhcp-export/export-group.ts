// SPDX-License-Identifier: Apache-2.0
import type { Subnet } from '#daemon/domain/dhcp/model'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { ExportOption } from './export-option.ts'
import type { OwnClass } from './own.ts'

/** Clients that are known by option 60 as a whole, e.g. `MS-UC-Client`. */
interface VendorClassOptions {
  readonly vendorClass: string
  readonly options: readonly ExportOption[]
}

/** Subnets in which the same clients get the same. */
export interface ExportGroup {
  /** Goes behind the names of what is made for the group: empty if there is only one, else `-1`, `-2`. */
  readonly suffix: string
  readonly subnets: readonly Subnet[]
  /** For the header field siaddr. */
  readonly nextServer: Ipv4
  /** What every phone gets, asked for or not; option 67 is `bootFile`. */
  readonly phone: readonly ExportOption[]
  /** Option 67; holds `<MODEL>`, which a phone fills in itself where the other server cannot. */
  readonly bootFile: string | undefined
  readonly vendorClasses: readonly VendorClassOptions[]
  /** Weakest first; all of them win over what phones and vendor classes get. */
  readonly own: readonly OwnClass[]
}
