// Runs the emulator and its own client, as a child of tests/bot_api_emulator.py: one JSON object a
// line in, {"do": …, "chat": …, "text" or "data": …}, and one line out for each.
const { createInterface } = require('readline');
const [modules, token, port] = process.argv.slice(2);
const TelegramServer = require(`${modules}/telegram-test-api`);

const server = new TelegramServer({ host: '127.0.0.1', port: Number(port), storeTimeout: 600 });

async function act({ do: what, chat, text, data }) {
  const client = server.getClient(token, { chatId: chat, userId: chat });
  if (what === 'say') await client.sendMessage(client.makeMessage(text));
  else if (what === 'command') await client.sendCommand(client.makeCommand(text));
  else if (what === 'press') await client.sendCallback(client.makeCallbackQuery(data));
  else if (what === 'said') {
    return (await client.getUpdatesHistory())
      .filter((u) => u.message && u.message.chat_id !== undefined && String(u.message.chat_id) === String(chat))
      .map((u) => ({ id: u.messageId, text: u.message.text, buttons: u.message.reply_markup }));
  } else if (what === 'held') {
    return (await client.getUpdatesHistory())
      .filter((u) => u.message && u.message.text && u.message.chat && u.message.chat.id === chat)
      .map((u) => u.message.text);
  } else throw new Error(`unknown: ${what}`);
  return null;
}

server.start().then(() => {
  console.log(JSON.stringify('ready'));
  createInterface({ input: process.stdin }).on('line', async (line) => {
    try {
      console.log(JSON.stringify({ result: await act(JSON.parse(line)) }));
    } catch (error) {
      console.log(JSON.stringify({ error: String(error) }));
    }
  });
});
process.stdin.on('end', () => process.exit(0));
