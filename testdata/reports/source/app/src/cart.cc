#include "cart.h"

static void store(Item *item, int count)
{
	item->count = count;	// the item may be null
}

void Cart::add(Item *item)
{
	store(item, 1);
}

void fill(Cart &cart)
{
	each(cart.items);
}
