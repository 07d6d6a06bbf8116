#ifndef PERSIST_H
#define PERSIST_H

#include "client/conversation.h"

enum outcome persist(struct chat *chat);

#endif
