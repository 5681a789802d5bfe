// SPDX-License-Identifier: Apache-2.0
import { type ArchiveFile, zip } from '#daemon/services/archive/zip'

export const MODIFIED = new Date(Date.UTC(2026, 0, 2))

export function file(path: string, text: string): ArchiveFile {
  return { path, bytes: Buffer.from(text, 'utf8') }
}

export const GLOBAL = [
  'voip/signalling/sip/proxy_address=%ITCS_Proxy_address%',
  'system/ntp/primary=%ITCS_Primary_NTP%',
].join('\n')
export const PRIVATE = [
  'include Audiocodes_420HD_global_GENERIC_empty.cfg',
  'system/type=420HD',
  'voip/line/0/id=%ITCS_Line1Id%',
  'system/extra=%ITCS_P_extra%',
].join('\n')

/** A template as the incumbent keeps it; its kinds stand in elements. */
export function templateXml(global = GLOBAL, own = PRIVATE): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<ipphonetamplate><type>audiocodes_420HD</type><description>420HD &amp; more</description>
<file_config><type>global_file</type><profile>global</profile><name>Audiocodes_420HD_global_GENERIC_empty.cfg</name>
<destinationDir>%ITCS_destination%</destinationDir><data><![CDATA[${global}]]></data></file_config>
<file_config><type>file</type><profile>user</profile><name>%ITCS_mac%.cfg</name><data><![CDATA[${own}]]></data></file_config>
</ipphonetamplate>`
}

/** An export of the incumbent's configuration and users: ZIPs within a ZIP, as its pages give them. */
export async function incumbentExport(more: readonly ArchiveFile[] = []): Promise<Uint8Array> {
  const nested = (files: readonly ArchiveFile[]) => zip(files, MODIFIED)
  return nested([
    {
      path: 'Templates.zip',
      bytes: await nested([
        file('audiocodes_420HD.cfg', templateXml()),
        file(
          'Templates.csv',
          [
            'MODEL_NAME,MODEL_DESC,TEMPLATE_FILE_PATH,OVERWRITE_FILE_PATH,TENANT_ID,TYPE,DEFAULT_MODEL',
            'audiocodes_420HD,The 420HD,/data/NBIF/audiocodes_420HD.cfg,,,GENERIC,1',
          ].join('\r\n'),
        ),
      ]),
    },
    file(
      'Template_Placeholders.csv',
      'DEF_KEY,DEF_VAL,DESCRIPTION,MODEL\nProxy_address,pbx.example.com,the PBX,audiocodes_420HD\n',
    ),
    file('Tenant_Placeholders.csv', 'TENANT_KEY,TENANT_VAL,TENANT_ID\nPrimary_NTP,ntp.berlin.example,1\n'),
    file('Site_Placeholders.csv', 'SITE_KEY,SITE_VAL,SITE_ID\nP_extra,yes,Mitte\nBad key,1,Mitte\nA,1,Nowhere\n'),
    {
      path: 'Tenants.zip',
      bytes: await nested([
        file('Tenants.csv', 'NAME,DESCRIPTION\nBerlin,The capital\n'),
        file('Berlin.cfg', 'voip/services/pin_lock=1\n'),
      ]),
    },
    {
      path: 'Sites.zip',
      bytes: await nested([
        file('Sites.csv', 'SITE_NAME,SITE_DESCRIPTION,SITE_TENANT_NAME,SITE_REGION_NAME\nMitte,Centre,Berlin,\n'),
      ]),
    },
    file('System_Settings.csv', 'KEY,VAL\nLanguage,German\nServerIP,10.9.9.9\nadmin password,"x"\n'),
    {
      path: 'users.zip',
      bytes: await nested([
        file(
          'users.csv',
          [
            'Name,Password,"Display Name",Tenant,"Device 1 Display Name","Device 1 MAC Address","Device 1 IP Phone Model"',
            'anna,s3cret,"Anna Ö",Berlin,desk,00908F123456,Audiocodes_420HD',
          ].join('\n'),
        ),
      ]),
    },
    ...more,
  ])
}
