export { accessLog } from './access-log.ts';
export { health, type HealthCheck } from './health.ts';
export { requestId } from './request-id.ts';
