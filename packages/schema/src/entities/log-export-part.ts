import { defineEntity, p } from '@mikro-orm/core';
import { LogExport } from './log-export.ts';

/** A piece of an exported file, compressed; the pieces in order of their positions are the file. */
const LogExportPartSchema = defineEntity({
  name: 'LogExportPart',
  tableName: 'log_export_parts',
  properties: {
    export: () => p.manyToOne(LogExport).primary().deleteRule('cascade'),
    position: p.integer().primary(),
    /** gzip. */
    content: p.blob(),
  },
});

export class LogExportPart extends LogExportPartSchema.class {}
LogExportPartSchema.setClass(LogExportPart);
