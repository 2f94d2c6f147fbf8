/** The parts of an nginx configuration that the origin and the proxy share. */
import { join } from 'node:path';

/** No access log, one worker, connections that are never ended for their age or number of requests. */
export function nginxConf(folder: string, http: string): string {
	const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
		.map((name) => `${name}_temp_path ${join(folder, `nginx-${name}`)};`)
		.join(' ');
	return `worker_processes 1; daemon off; pid ${join(folder, 'nginx.pid')}; error_log ${join(folder, 'nginx-error.log')} crit;
events { worker_connections 8192; }
http {
	access_log off; keepalive_requests 100000000; keepalive_timeout 3600; client_max_body_size 0; sendfile on;
	${temp}
${http}
}
`;
}
