// A storefront and a sender in one, written from the AsyncAPI document alone: a complaint goes in, the ticket that
// follows is read, and its receipt is written.
//
//   node sender.mjs ASYNCAPI BROKERS CUSTOMER
import { readFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";

const [file, brokers, customer] = process.argv.slice(2);
const contract = JSON.parse(readFileSync(file));

// Where a message goes, and one that the document shows as an example.
const channelOf = (name) => Object.values(contract.channels).find((one) => name in one.messages).address;
const example = (name) => contract.components.messages[name].examples[0].payload;

const kafka = new Kafka({ clientId: "interop", brokers: brokers.split(","), logLevel: logLevel.ERROR });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: `interop-${randomUUID()}`, readUncommitted: false });

const tell = (name, fields) => {
  const told = { ...example(name), ...fields, id: randomUUID(), customer, time: new Date().toISOString() };
  const value = JSON.stringify(told);
  return producer.send({ topic: channelOf(name), acks: -1, messages: [{ key: customer, value }] });
};

await producer.connect();
await consumer.connect();
await consumer.subscribe({ topics: [channelOf("action.ticket")], fromBeginning: true });
const action = await new Promise((found, failed) => {
  consumer.on(consumer.events.CRASH, (crash) => failed(crash.payload.error));
  consumer.on(consumer.events.GROUP_JOIN, () => tell("complaint.opened", { complaint_id: "k-1" }).catch(failed));
  consumer.run({
    eachMessage: async ({ message }) => {
      const one = JSON.parse(message.value);
      if (one.customer === customer) found(one);
    },
  });
});
await tell("receipt.accepted", { action_id: action.action_id, hops: action.hops ?? 0 });
console.log(JSON.stringify({ action_id: action.action_id, rule: action.rule, complaint: action.complaint_id }));
await consumer.disconnect();
await producer.disconnect();
