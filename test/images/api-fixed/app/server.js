const {createServer} = require('node:http');
const {pick} = require('lodash');
const parse = require('minimist');

const {port = 8080} = parse(process.argv.slice(2));
createServer((request, response) => response.end(JSON.stringify(pick(request, ['method', 'url'])))).listen(port);
