import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Server settings by name, as in postgresql.conf. */
export type PostgresSettings = Readonly<Record<string, string | number>>;

const MiB = 1024 * 1024;

/**
 * The settings of the embedded server. What makes commits durable (fsync, synchronous_commit, full_page_writes) stays
 * at PostgreSQL's own defaults; memory follows the machine or the container.
 */
export function settingsFor(port: number, asked: PostgresSettings = {}): string[] {
  const memoryMiB = Math.floor(memoryBytes() / MiB);
  const settings: PostgresSettings = {
    max_connections: 200,
    shared_buffers: `${Math.min(512, Math.max(64, Math.floor(memoryMiB / 8)))}MB`,
    effective_cache_size: `${Math.max(128, Math.floor(memoryMiB / 2))}MB`,
    work_mem: '8MB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    random_page_cost: 1.1,
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    log_min_error_statement: 'panic', // Statements carry personal data; the log of a server is no place for them.
    dynamic_shared_memory_type: sharedMemoryIsSmall() ? 'mmap' : 'posix',
    ...asked,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // The path of a socket is limited to 107 bytes; a data folder's is not.
    port,
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function memoryBytes(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Containers commonly get 64 MiB of /dev/shm, which a parallel query outgrows. */
function sharedMemoryIsSmall(): boolean {
  try {
    const { blocks, bsize } = statfsSync('/dev/shm');
    return blocks * bsize < 256 * MiB;
  } catch {
    return true;
  }
}
